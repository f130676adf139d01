"""Businesses of one's own: a folder to begin with, and what is wrong with one."""

from duologue.businesses.complaints import Complaint, check
from duologue.businesses.new import write_business
from duologue.businesses.text_call import TextCall, hold_call

__all__ = ["Complaint", "TextCall", "check", "hold_call", "write_business"]
