(module
quote)