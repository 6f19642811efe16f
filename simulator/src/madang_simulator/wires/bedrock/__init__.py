"""AWS Bedrock's runtime as a wire: conversations, event streams, signatures, embeddings and images."""
