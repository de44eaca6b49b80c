import type { TargetFunction } from 'assay';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const words: readonly (readonly [category: string, pattern: RegExp])[] = [
  ['refund', /refund|money back|erstatt|rückerstatt|rembours|reembols|rimbors|terugbetal|zwrot/iu],
  ['cancellation', /cancel|kündig|résili|cancela|disdi|opzeg|wypowied/iu],
  [
    'account_access',
    /log ?in|password|passwort|mot de passe|contraseñ|2fa|locked|einloggen|senha/iu,
  ],
  [
    'shipping',
    /parcel|deliver|tracking|paket|liefer|colis|livraison|envío|spedizion|bezorg|paczk/iu,
  ],
  ['billing', /invoice|charge|rechnung|factur|fattur|abbuch|payment|vat|fatura/iu],
  ['bug', /error|crash|bug|fehler|erreur|bloqu|broken|not work|funktioniert nicht/iu],
];

/** Triage without a model: the baseline that any prompt has to beat. */
export const triageByKeywords: TargetFunction = (input) => {
  const text = `${textOf(input['subject'])}\n${textOf(input['body'])}`;
  const category = words.find(([, pattern]) => pattern.test(text))?.[0] ?? 'feature_request';
  const urgent = /urgent|asap|immediately|sofort|dringend|urgente|!!/iu.test(text);
  return { category, urgency: urgent ? 'high' : 'normal' };
};
