"""What tokens cost. The only place where money is computed."""
