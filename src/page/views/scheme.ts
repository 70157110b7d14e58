/** Light or dark: as the reader's system says, or as the reader says here. */

import { choice } from './dom.ts'

type Scheme = 'auto' | 'light' | 'dark'

/** A choice of colours for the page. @param onChange the colours are others now. */
export function schemeChoice(onChange: () => void): HTMLLabelElement {
  const system = matchMedia('(prefers-color-scheme: dark)')
  system.addEventListener('change', onChange)
  const schemes = [
    ['auto', 'as the system'],
    ['light', 'light'],
    ['dark', 'dark'],
  ] as const
  return choice<Scheme>('Colours', schemes, 'auto', (scheme) => {
    if (scheme === 'auto') delete document.documentElement.dataset.scheme
    else document.documentElement.dataset.scheme = scheme
    onChange()
  })
}
