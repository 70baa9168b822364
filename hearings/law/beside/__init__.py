"""What stands beside the text of an instrument: other instruments between the same States, and safeguards."""
