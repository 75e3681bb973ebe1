"""Health: does each backing service work, said fast, safely, and to the right people."""
