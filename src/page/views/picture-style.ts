/** How pictures look in a page: their style sheets hold for what stands in an element of class `picture` or `graph-picture`, and for nothing else. */

import { SEQUENCE_STYLE } from '../../diagram/sequence/style.ts'
import { GRAPH_STYLE } from '../../graph/graph-style.ts'
import { BASE_STYLE } from '../../svg/theme.ts'
import { make } from './dom.ts'

/** Once for a page. The colours are the page's: `themeStyle(':root')`. */
export function addPictureStyle(): void {
  const style = `.picture{${BASE_STYLE}${SEQUENCE_STYLE}}.graph-picture{${BASE_STYLE}${GRAPH_STYLE}}`
  document.head.append(make('style', {}, style))
}

/**
 * A picture without the style that it has as a file, for a page that has it already: a new style sheet at each frame is a
 * page whose every element is styled anew.
 */
export function withoutStyle(svg: string): string {
  return svg.replace(/<style>.*?<\/style>/s, '')
}
