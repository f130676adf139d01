-- The tables of the desk, in SQLite's words. The first column of each table is its key.
-- What the columns forbid can neither be in a scenario nor come of a call.
CREATE TABLE bookings (
    number TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    begins_on TEXT NOT NULL CHECK (begins_on IS date(begins_on))
);
