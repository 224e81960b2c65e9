"""What reading costs: operations with large operands, each done in a child whose time and memory are measured."""
