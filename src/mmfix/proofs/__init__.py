"""Proofs: what rehearsals found, how it is kept beside the configs, and what follows for a judgement.

``types`` is the plain data, ``place`` and ``store`` are the proof file, ``digest`` is what makes a proof
stale, ``claims`` what makes one impossible, ``measured`` and ``judged`` what a proof says about a setup,
``candidates`` the cures to rehearse.
"""
