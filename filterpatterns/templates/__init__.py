"""Finds patterns in templates, Terraform plans and the output of the AWS CLI."""
