"""How an instrument has a request made and answered: contents, what precedes a refusal, time limits, holidays."""
