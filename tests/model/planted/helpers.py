"""Helper functions used by ``helper_function.py``; no model of its own."""


def auxiliary_loss(head, feats, enabled=True, weight=0.4):
    """The loss of an auxiliary head, or nothing."""
    if not enabled:
        return {}
    return {"loss_aux": weight * head(feats).square().mean()}  # used: aux_head


def weighted_sum(heads, feats, weights):
    """Scores of all heads, weighted."""
    return sum(weight * head(feats) for head, weight in zip(heads, weights))
