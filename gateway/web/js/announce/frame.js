// Owns showing the HTML of a message as its reader sees it. It is a stranger here: it runs in a
// frame that may run no script, send no form and open no page; its links lead nowhere.
//
// The page's policy forbids styles inside of markup, and mail has no others. So they are set aside in the text
// and applied by script, which is ours, once the frame is there.
import { el } from '../dom.js';

/** The text with styles and pictures set aside under names that do nothing. Pure. */
export const setAside = (html) => html
  .replace(/<script\b[\s\S]*?(<\/script\s*>|$)/gi, '')
  .replace(/<style\b[^>]*>/gi, '<template data-sheet>').replace(/<\/style\s*>/gi, '</template>')
  .replace(/(\s)style\s*=/gi, '$1data-style=').replace(/(\s)(src|srcset|background)\s*=/gi, '$1data-$2=')
  .replace(/(\s)on([a-z]+)\s*=/gi, '$1data-on$2=');

function dress(frame) {
  const inside = frame.contentDocument;
  if (!inside) return;
  for (const aside of inside.querySelectorAll('template[data-sheet]')) {
    const sheet = new frame.contentWindow.CSSStyleSheet();
    sheet.replaceSync(aside.content.textContent);
    inside.adoptedStyleSheets = [...inside.adoptedStyleSheets, sheet];
  }
  for (const node of inside.querySelectorAll('[data-style]')) node.style.cssText = node.dataset.style;
  for (const link of inside.querySelectorAll('a[href]')) {
    link.title = link.getAttribute('href');
    link.removeAttribute('href');
    link.style.textDecoration = 'underline';
  }
  for (const picture of inside.querySelectorAll('img')) {
    picture.replaceWith(`[${picture.alt || 'picture'}]`);
  }
  // A frame's content is never lower than the frame.
  frame.style.height = '0';
  frame.style.height = `${Math.min(900, Math.max(160, inside.documentElement.scrollHeight))}px`;
}

export function mailFrame(html, title) {
  const frame = el('iframe', { class: 'mail', title, sandbox: 'allow-same-origin', srcdoc: setAside(html) });
  frame.addEventListener('load', () => dress(frame));
  return frame;
}
