// Owns the state before a sale opens: a place may be taken, and the opening is counted down to.
import { instant } from './about.js';
import { el } from './dom.js';
import { simple } from './frame.js';
import { t } from './further.js';
import { opening } from './opening.js';
import { press } from './press.js';

export function announced(page) {
  const opens = opening(page);
  const begins = el('p', {});
  const code = el('div');
  let codes = null;
  const shown = simple(page, t`The sale is not open yet`, [
    t`Take your place now, or stay on this page: it moves on when the sale opens.`,
  ], [begins, code, opens.node, ...press(page, t`Take a place in the queue`)]);
  let saidPresale;
  // Who has a code may claim it before the presale begins.
  function followCode() {
    const at = page.event?.presale_at;
    if (at !== saidPresale) begins.replaceChildren(...(at ? [t`The presale begins `, instant(at, page.event.time_zone), '.'] : []));
    if (at && !saidPresale) import('./presale.js').then(({ codePart }) => {
      codes ??= codePart(page);
      code.replaceChildren(codes.node);
    }).catch(() => {});
    saidPresale = at;
    codes?.update();
  }
  const update = () => {
    shown.update();
    opens.update();
    followCode();
  };
  update();
  return { ...shown, update, close: opens.close };
}
