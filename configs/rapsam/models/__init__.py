from .rapsam import RapSAM, RapSAMBackbone, RapSAMHead, YOSONeck

__all__ = ['RapSAM', 'RapSAMBackbone', 'RapSAMHead', 'YOSONeck']
