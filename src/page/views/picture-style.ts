/** How pictures look in a page: their style sheets hold for what stands in an element of class `picture`, and for nothing else. */

import { SEQUENCE_STYLE } from '../../diagram/sequence/style.ts'
import { BASE_STYLE } from '../../svg/theme.ts'
import { make } from './dom.ts'

/** Once for a page. The colours are the page's: `themeStyle(':root')`. */
export function addPictureStyle(): void {
  document.head.append(make('style', {}, `.picture{${BASE_STYLE}${SEQUENCE_STYLE}}`))
}
