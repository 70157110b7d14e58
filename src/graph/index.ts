/** `elko/graph`: graphs of a connection over time, from trace events. */

export { graphData } from './graph-data.ts'
export {
  GRAPH_NAMES,
  GRAPH_TYPES,
  type GraphOptions,
  type GraphPicture,
  type GraphType,
  graphPicture,
  graphSvg,
  type PanelGeometry,
} from './graph-svg.ts'
export { graphText } from './graph-text.ts'
export { type GraphDirection, type GraphSeries, graphSeries, mainSide } from './series.ts'
export { graphXpl, type XplOptions } from './xpl.ts'
