"""The costs of a hearing: claims of those who are paid, deciding on them, and the statement between the States."""
