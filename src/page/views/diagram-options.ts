/** How a diagram in a page is drawn, beyond what the picture itself can be told. */

import type { SequenceOptions } from '../../diagram/sequence/options.ts'

export interface DiagramOptions
  extends Pick<
    SequenceOptions,
    'connection' | 'addresses' | 'numbers' | 'view' | 'remarks' | 'reasons' | 'timers'
  > {
  /** Times since the first event, or since the one before. */
  readonly times: 'absolute' | 'delta'
  /** Pixels of the page for one of the picture; 'fit': as wide as there is room, within what can be read. */
  readonly zoom: number | 'fit'
}
