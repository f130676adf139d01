CREATE TABLE calendar (
    what TEXT PRIMARY KEY NOT NULL CHECK (what = 'today'),
    day TEXT NOT NULL CHECK (day IS date(day))
);
CREATE TABLE plans (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    price_cents INTEGER NOT NULL CHECK (price_cents > 0)
);
CREATE TABLE accounts (
    number TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    date_of_birth TEXT NOT NULL CHECK (date_of_birth IS date(date_of_birth)),
    postcode TEXT NOT NULL,
    plan TEXT NOT NULL REFERENCES plans (id) ON DELETE CASCADE,
    term_ends_on TEXT NOT NULL CHECK (term_ends_on IS date(term_ends_on)),
    fault TEXT NOT NULL DEFAULT 'none' CHECK (fault IN ('none', 'router', 'cable')),
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'cancelled'))
);
CREATE TABLE outages (
    postcode TEXT PRIMARY KEY NOT NULL,
    reason TEXT NOT NULL,
    ends_on TEXT NOT NULL CHECK (ends_on IS date(ends_on)),
    ends_at TEXT NOT NULL CHECK (ends_at IS strftime('%H:%M', ends_at))
);
CREATE TABLE slots (
    id TEXT PRIMARY KEY NOT NULL,
    postcode TEXT NOT NULL,
    day TEXT NOT NULL CHECK (day IS date(day)),
    time TEXT NOT NULL CHECK (time IS strftime('%H:%M', time))
);
CREATE TABLE visits (
    account_number TEXT PRIMARY KEY NOT NULL REFERENCES accounts (number) ON DELETE CASCADE,
    slot TEXT NOT NULL UNIQUE REFERENCES slots (id) ON DELETE CASCADE
);
CREATE TABLE charges (
    id TEXT PRIMARY KEY NOT NULL,
    account_number TEXT NOT NULL REFERENCES accounts (number) ON DELETE CASCADE,
    item TEXT NOT NULL,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    agreed_cents INTEGER NOT NULL CHECK (agreed_cents >= 0),
    billed_on TEXT NOT NULL CHECK (billed_on IS date(billed_on))
);
CREATE TABLE credits (
    charge_id TEXT PRIMARY KEY NOT NULL REFERENCES charges (id) ON DELETE CASCADE,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0)
);
