"""Who somebody is: accounts, passwords, passkeys, tokens, the company's sign-in."""
