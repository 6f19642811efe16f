"""AWS Bedrock: chat over Converse, embeddings and images over InvokeModel."""
