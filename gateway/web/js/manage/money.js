// Owns amounts as a person enters them, and prices as the server takes them. Pure.

/** How many digits a currency has behind the point. */
export function digitsOf(currency) {
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits;
  } catch {
    return 2;
  }
}

/** `49.50` or `49,50` as 4950; null for an empty text, undefined for what is no amount. */
export function minorOf(text, currency) {
  const clean = text.trim().replace(',', '.');
  if (!clean) return null;
  const digits = digitsOf(currency);
  const found = /^(\d{1,9})(?:\.(\d+))?$/.exec(clean);
  if (!found || (found[2] || '').length > digits) return undefined;
  return Number(found[1]) * 10 ** digits + Number((found[2] || '').padEnd(digits, '0') || 0);
}

/** 4950 as `49.50`, as a field shows it. */
export function majorOf(minor, currency) {
  if (minor === null || minor === undefined) return '';
  const digits = digitsOf(currency);
  const text = String(minor).padStart(digits + 1, '0');
  return digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
}

/**
 * { prices, faults } of rows `{ category, steps: [{ amount, fee, until_taken, until }] }`, all as texts
 * but `until`, an instant, null or undefined. Categories whose only step is empty are not for sale.
 * `faults` names a field as `category step name`.
 */
export function pricesOf(rows, currency) {
  const prices = {};
  const faults = {};
  for (const { category, steps } of rows) {
    if (steps.length === 1 && !steps[0].amount.trim()) continue;
    prices[category] = steps.map((step, at) => {
      const fault = (name, words) => { faults[`${category} ${at} ${name}`] = words; };
      const amount = minorOf(step.amount, currency);
      const fee = minorOf(step.fee, currency);
      if (!Number.isInteger(amount)) fault('amount', 'Enter an amount, such as 49.50.');
      if (fee === undefined) fault('fee', 'Enter an amount, or leave it empty.');
      if (Number.isInteger(amount) && fee > amount) fault('fee', 'The fee is a part of the price: it cannot be more.');
      const taken = step.until_taken.trim();
      if (taken && !/^[1-9]\d{0,6}$/.test(taken)) fault('until_taken', 'Enter a number of seats, or leave it empty.');
      if (step.until === undefined) fault('until', 'No clock at the venue shows this time.');
      const isLast = at === steps.length - 1;
      if (isLast && (taken || step.until)) fault('until_taken', 'The last price has no end: add another after it, or leave this empty.');
      if (!isLast && !taken && !step.until) fault('until_taken', 'Say when this price ends: after so many seats, or at a time.');
      return { amount, ...(fee ? { fee } : {}), ...(taken ? { until_taken: Number(taken) } : {}),
        ...(step.until ? { until: step.until } : {}) };
    });
  }
  if (!Object.keys(prices).length) faults[''] = 'At least one category needs a price.';
  return { prices, faults };
}
