"""Where cycles went, layer by layer and in an interval, and on which machine."""

from views_case import ViewsCase


class Figures(ViewsCase):
    pass
