"""When each word of a call was spoken: forced alignment of what was said with what was recorded.

`readings` says how a displayed word may be spoken ("47219", "$12.50"), `pronunciation` by which
sounds, `alignment` when that was in the audio, `silence` where exactly it stopped; `turn_words`
does it for the turns of a call. Where a synthesizer says itself when it spoke its words,
`synthesis` takes that.
"""
