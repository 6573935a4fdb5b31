"""A spoken question, for whoever wants to try edgevoice without a microphone."""

from pathlib import Path
from typing import Final

QUESTION: Final = Path(__file__).with_name("question.wav")
"""*What time is it in the kitchen?* 2.5 s, 16 kHz mono 16 bit, made with espeak-ng."""
