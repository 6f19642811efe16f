"""What models cost: the list that comes with the platform, and what a project agreed with its vendors."""
