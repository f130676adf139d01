CREATE TABLE customers (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    postcode TEXT NOT NULL,
    email TEXT,
    phone TEXT
);
CREATE TABLE orders (
    number TEXT PRIMARY KEY NOT NULL,
    customer_id TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    item TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'processing'
        CHECK (status IN ('processing', 'shipped', 'delayed', 'delivered', 'cancelled')),
    ordered_on TEXT NOT NULL CHECK (ordered_on IS date(ordered_on)),
    promised_on TEXT NOT NULL CHECK (promised_on IS date(promised_on)),
    expected_on TEXT NOT NULL CHECK (expected_on IS date(expected_on)),
    delay_reason TEXT
);
CREATE TABLE charges (
    id TEXT PRIMARY KEY NOT NULL,
    order_number TEXT NOT NULL REFERENCES orders (number) ON DELETE CASCADE,
    amount_cents INTEGER NOT NULL CHECK (amount_cents > 0),
    charged_on TEXT NOT NULL CHECK (charged_on IS date(charged_on)),
    status TEXT NOT NULL DEFAULT 'paid' CHECK (status IN ('paid', 'refunded'))
);
CREATE TABLE replacements (
    id TEXT PRIMARY KEY NOT NULL,
    order_number TEXT NOT NULL REFERENCES orders (number) ON DELETE CASCADE,
    item TEXT NOT NULL
);
