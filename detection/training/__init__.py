"""Training and evaluation of the anomaly model: the queue `train` and commands, nothing else.

TensorFlow, scikit-learn, joblib and pyarrow are imported here and in evaluation, never by a web,
beat, scan, detect or act process.
"""
