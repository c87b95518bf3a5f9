"""What tests share: generators, and judges that share no code with the package."""
