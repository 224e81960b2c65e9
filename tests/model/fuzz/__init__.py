"""Random models: written as text, trained by torch, read by the model reader, compared, reduced."""
