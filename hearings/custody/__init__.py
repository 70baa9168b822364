"""What happens to a recording after the hearing: releases, receipts, retention, new recipients. Rules and rows only."""
