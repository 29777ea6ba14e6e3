"""Published files on their way to every machine, through a table of PostgreSQL (ADR 0010); plain SQL, no Django."""
