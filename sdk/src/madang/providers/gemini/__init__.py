"""Google's Gemini models: the Gemini API by key ("gemini"), and Vertex AI by service account ("vertex")."""
