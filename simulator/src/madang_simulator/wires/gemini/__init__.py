"""Google's wire: the Gemini API and Vertex AI, which differ in paths and keys only."""
