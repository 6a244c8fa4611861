"""The AWS SDK: the only folder that imports botocore."""
