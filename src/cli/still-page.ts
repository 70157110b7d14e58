/** A picture as an HTML file that needs nothing beside it: no script, and a policy that allows none. */

import { htmlFile } from '../svg/html-file.ts'
import type { Scheme } from '../svg/theme.ts'

const STYLE =
  'body{margin:0;background:var(--paper)}svg{display:block;max-width:100%;height:auto;margin:0 auto}'

/** @param svg a whole SVG file. */
export function stillPage(title: string, svg: string, scheme: Scheme): string {
  return htmlFile({ title, style: STYLE, scheme, body: [`<main>${svg}</main>`] })
}
