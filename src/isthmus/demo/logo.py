"""The logo of the demo plant's reports: a bottle, and the company's letters."""

LOGO = """\
<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40" viewBox="0 0 120 40">
<path d="M14 3h8v7l5 7v18a3 3 0 0 1-3 3H12a3 3 0 0 1-3-3V17l5-7z" fill="#1f5f8b"/>
<path d="M9 24c5-4 9 3 18-1v12a3 3 0 0 1-3 3H12a3 3 0 0 1-3-3z" fill="#7fb3d5"/>
<path d="M38 30 45 10h5l7 20h-5l-1-4h-7l-1 4zM45 22h5l-2-7zM74 16a6 6 0 1 0 0 9v5a10 10 0 1 1 0-19
zM79 30V10h5l4 8 4-8h5v20h-5V19l-4 7-4-7v11zM101 30V10h14v4h-9v4h8v4h-8v4h9v4z" fill="#1d2125"/>
</svg>
"""
