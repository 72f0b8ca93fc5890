"""What a model is asked, and how far its answers may go. Everything else here serves these."""
