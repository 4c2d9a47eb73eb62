package io.podtls.benchmarks.report;

/** An SVG document that grows; every shape has one of the classes of {@link #STYLE}. */
final class Svg {
  private static final String STYLE =
      """
      <style>
      text { font: 12px sans-serif; fill: #24292f }
      .title { font-size: 14px; font-weight: 600 }
      .label { text-anchor: end }
      .tick { text-anchor: middle }
      .ours { fill: #1a7f5a }
      .other { fill: #b9c2cc }
      .range { stroke: #24292f; stroke-width: 1.5 }
      .grid { stroke: #dde2e7; stroke-width: 1 }
      polyline { fill: none; stroke-width: 2 }
      .first { stroke: #1a7f5a; stroke-width: 2 }
      .second { stroke: #b35900; stroke-width: 2 }
      .third { stroke: #4a6fdc; stroke-width: 2 }
      .fourth { stroke: #8a4fbf; stroke-width: 2 }
      </style>
      """;

  private final StringBuilder document = new StringBuilder();

  Svg(int width, int height) {
    document
        .append("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ")
        .append(width)
        .append(' ')
        .append(height)
        .append("\" width=\"")
        .append(width)
        .append("\" height=\"")
        .append(height)
        .append("\">\n")
        .append(STYLE)
        .append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
  }

  void text(double x, double y, String style, String text) {
    String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    element("text", "x", x, "y", y, "class", style).append(">").append(escaped).append("</text>\n");
  }

  void rectangle(double x, double y, double width, double height, String style) {
    element("rect", "x", x, "y", y, "width", width, "height", height, "class", style)
        .append("/>\n");
  }

  void line(double x1, double y1, double x2, double y2, String style) {
    element("line", "x1", x1, "y1", y1, "x2", x2, "y2", y2, "class", style).append("/>\n");
  }

  void polyline(String points, String style) {
    element("polyline", "points", points, "class", style).append("/>\n");
  }

  private StringBuilder element(String name, Object... attributes) {
    document.append('<').append(name);
    for (int i = 0; i < attributes.length; i += 2) {
      Object value = attributes[i + 1];
      String text = value instanceof Double number ? Table.number(number, 1) : value.toString();
      document.append(' ').append(attributes[i]).append("=\"").append(text).append('"');
    }
    return document;
  }

  @Override
  public String toString() {
    return document + "</svg>\n";
  }
}
