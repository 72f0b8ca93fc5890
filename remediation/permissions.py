"""Who may do what: one Django permission per verb, the same in the admin and in the API."""

APPROVE = "remediation.approve_plan"
REMEDIATE = "remediation.remediate"
SET_MODE = "remediation.set_mode"
PULL_STOP = "remediation.pull_stop"
ANALYZE = "detection.analyze_incident"
COMMENT = "detection.comment_incident"
SILENCE = "remediation.add_silence"
