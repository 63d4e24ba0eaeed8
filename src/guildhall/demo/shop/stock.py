"""What the shop knows when it opens."""

from typing import Any

# Order: who bought what for how much, where it is, for how many days, and whether there are more of it.
ORDERS: dict[str, dict[str, Any]] = {
    "1001": {"email": "ada@example.com", "item": "teapot", "price": 25.0, "status": "delivered", "days": 3, "stock": 9},
    "1002": {"email": "ben@example.com", "item": "lamp", "price": 40.0, "status": "lost", "days": 21, "stock": 4},
    "1003": {"email": "cleo@example.com", "item": "rug", "price": 120.0, "status": "placed", "days": 1, "stock": 2},
    "1004": {"email": "dan@example.com", "item": "kettle", "price": 35.0, "status": "shipped", "days": 2, "stock": 5},
    "1005": {"email": "eve@example.com", "item": "vase", "price": 30.0, "status": "delivered", "days": 90, "stock": 1},
    "1006": {"email": "fay@example.com", "item": "clock", "price": 55.0, "status": "delivered", "days": 9, "stock": 3},
    "1007": {"email": "gus@example.com", "item": "bowl", "price": 15.0, "status": "delivered", "days": 4, "stock": 8},
    "1008": {"email": "gus@example.com", "item": "tray", "price": 22.0, "status": "delivered", "days": 4, "stock": 8},
    "1009": {"email": "hal@example.com", "item": "stool", "price": 60.0, "status": "delivered", "days": 6, "stock": 7},
    "1010": {"email": "ida@example.com", "item": "2 mugs", "price": 24.0, "status": "delivered", "days": 2, "stock": 9},
    "1011": {"email": "jon@example.com", "item": "plate", "price": 9.0, "status": "placed", "days": 0, "stock": 9},
    "1012": {"email": "kim@example.com", "item": "desk", "price": 180.0, "status": "shipped", "days": 1, "stock": 1},
    "1013": {"email": "leo@example.com", "item": "shelf", "price": 70.0, "status": "placed", "days": 1, "stock": 2},
    "1014": {"email": "mia@example.com", "item": "chair", "price": 45.0, "status": "placed", "days": 1, "stock": 6},
    "1015": {"email": "mia@example.com", "item": "chair", "price": 45.0, "status": "placed", "days": 1, "stock": 6},
    "1016": {"email": "mia@example.com", "item": "table", "price": 150.0, "status": "placed", "days": 1, "stock": 2},
    "1017": {"email": "ned@example.com", "item": "fork", "price": 4.0, "status": "placed", "days": 1, "stock": 9},
    "1018": {"email": "ned@example.com", "item": "spoon", "price": 4.0, "status": "placed", "days": 1, "stock": 9},
    "1019": {"email": "oda@example.com", "item": "radio", "price": 80.0, "status": "placed", "days": 1, "stock": 3},
    "1020": {"email": "pia@example.com", "item": "quilt", "price": 95.0, "status": "placed", "days": 1, "stock": 3},
    "1021": {"email": "ron@example.com", "item": "globe", "price": 50.0, "status": "shipped", "days": 1, "stock": 2},
    "1022": {"email": "sue@example.com", "item": "scale", "price": 28.0, "status": "shipped", "days": 3, "stock": 5},
    "1023": {"email": "tom@example.com", "item": "torch", "price": 19.0, "status": "shipped", "days": 4, "stock": 5},
    "1024": {"email": "uma@example.com", "item": "scarf", "price": 33.0, "status": "lost", "days": 30, "stock": 6},
    "1025": {"email": "vic@example.com", "item": "jug", "price": 16.0, "status": "delivered", "days": 1, "stock": 5},
    "1026": {"email": "wes@example.com", "item": "print", "price": 48.0, "status": "delivered", "days": 1, "stock": 0},
    "1027": {"email": "xia@example.com", "item": "pen", "price": 12.0, "status": "delivered", "days": 5, "stock": 9},
    "1028": {"email": "yan@example.com", "item": "ink", "price": 18.0, "status": "delivered", "days": 5, "stock": 9},
}

GIFT_CARDS: dict[str, dict[str, Any]] = {
    "GC-106": {"balance": 55.0, "expired": False, "note": "goodwill for order 1006"},
    "GC-127": {"balance": 0.0, "expired": False, "note": ""},
    "GC-128": {"balance": 0.0, "expired": True, "note": ""},
}

# How often the warehouse and the carrier do not answer when asked about an order.
UNANSWERED = {"1013": 0.7, "1014": 0.5, "1015": 0.5, "1016": 0.5, "1023": 0.6}
