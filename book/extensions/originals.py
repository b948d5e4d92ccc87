"""Names in Chinese, so that it can be found, the article that a note begins from."""

from __future__ import annotations

from pathlib import PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx

AUTHOR, BLOG = "苏剑林", "科学空间"
TITLES = {
    "random-angles": "n维空间下两个随机向量的夹角分布",
    "superlinear-speedup": "什么时候多进程的加速比可以大于1?",
    "multilabel-softmax": "将“Softmax+交叉熵”推广到多标签分类问题",
    "batch-norm": "BN究竟起了什么作用?一个闭门造车的分析",
    "adax": "AdaX优化器浅析(附开源实现)",
    "dgcnn": "开源一版DGCNN阅读理解问答模型(Keras版)",
    "synthesizer": "Google新作Synthesizer:我们还不够了解自注意力",
    "vae-geometry": "变分自编码器(六):从几何视角来理解VAE的尝试",
}


def words(title: str) -> nodes.inline:
    """The article's author, title and place."""
    return nodes.inline("", f"{AUTHOR}:{title}。{BLOG}", classes=["language-zh"])


def name(app: Sphinx, doctree: nodes.document) -> None:
    """Below the paragraph that says where a note comes from; and all on Sources."""
    page = PurePosixPath(app.env.docname)
    if page.parent.name == "notebooks" and page.name in TITLES:
        line = nodes.paragraph("", "", words(TITLES[page.name]), classes=["original"])
        section = next(iter(doctree.findall(nodes.section)))
        section.insert(min(3, len(section)), line)
    if page.name == "references":
        items = [nodes.paragraph("", "", words(title)) for title in TITLES.values()]
        listed = nodes.bullet_list("", *(nodes.list_item("", each) for each in items))
        section = next(iter(doctree.findall(nodes.section)))
        title = nodes.title("", "The articles, as their author calls them")
        section += nodes.section("", title, listed, ids=["originals"])


def setup(app: Sphinx) -> dict:
    """Register the hook."""
    app.connect("doctree-read", name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
