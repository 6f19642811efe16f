"""What every HTTP answer of the control plane shares: who is asking, errors, paging, headers, the built UI."""
