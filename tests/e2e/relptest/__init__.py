# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: a case with processes that always end, a
scriptable RELP receiver, a feeder with sequence numbers, and exact counting.
Standard library only; Python 3.9."""
