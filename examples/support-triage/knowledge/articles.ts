/** One article of the help centre. */
export interface Article {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/** The help centre of the invented company whose tickets these are. */
export const articles: readonly Article[] = [
  {
    id: 'invoices-download',
    title: 'Download your invoices',
    text: 'Every invoice is in your account under Billing, Invoices, as a PDF with the tax shown. A company name and a VAT number can be added there and appear on the next invoice. Older invoices can be downloaded again at any time.',
  },
  {
    id: 'double-charge',
    title: 'Why you see two charges',
    text: 'A bank shows a reservation beside the real payment for up to five days; the reservation goes away by itself. If both are booked, you were charged twice: send us the two dates and amounts and we return the second payment.',
  },
  {
    id: 'payment-methods',
    title: 'Cards and other ways to pay',
    text: 'You can pay by card, direct debit or PayPal. To change your card, open Billing, Payment method. A declined card is tried again after three days; until then your plan stays active.',
  },
  {
    id: 'plan-change',
    title: 'Change your plan',
    text: 'Switch between Free, Pro and Business under Billing, Plan. An upgrade counts at once and costs the difference for the rest of the month; a downgrade begins with the next month. Yearly plans are two months cheaper.',
  },
  {
    id: 'return-goods',
    title: 'Return a paper planner',
    text: 'Unused goods can be sent back within 30 days. Print the return label from your order, put it on the parcel and bring it to a post office. The money is on its way within five working days after the parcel has arrived.',
  },
  {
    id: 'refund-status',
    title: 'Where is my refund',
    text: 'A refund goes back to the card or account you paid with. Banks need three to ten working days to show it. The status stands in your order under Returns; if it says paid and ten days are over, ask your bank with the reference number.',
  },
  {
    id: 'refund-subscription',
    title: 'Money back for a subscription',
    text: 'A yearly plan that was renewed by mistake is refunded in full within 14 days, as long as you have not used it. Monthly plans are not refunded, but can be ended at any time.',
  },
  {
    id: 'track-parcel',
    title: 'Track your parcel',
    text: 'The tracking number is in the mail that we send when your order leaves the warehouse. Tracking begins to move after one working day. If it has not moved for five days, write to us and we ask the courier to search for the parcel.',
  },
  {
    id: 'delivery-times',
    title: 'How long delivery takes',
    text: 'Orders leave our warehouse within one working day. Delivery takes two to three days inside the country, four to seven in Europe and up to three weeks elsewhere. Before holidays allow two more days.',
  },
  {
    id: 'address-change',
    title: 'Change the delivery address',
    text: 'As long as an order says In preparation, you can change its delivery address yourself under Orders. Once the parcel is with the courier, only the courier can send it elsewhere; use the link in the tracking mail.',
  },
  {
    id: 'damaged-goods',
    title: 'Damaged, missing or wrong items',
    text: 'We are sorry. Send us a photo of the damaged item and of the box within 14 days. We send a new one at once; you need not return the broken one. The same holds for missing or wrong items.',
  },
  {
    id: 'customs',
    title: 'Customs and import tax',
    text: 'For orders outside the European Union the customs office may ask for import tax. The buyer pays it to the courier at delivery. We cannot mark a parcel as a gift.',
  },
  {
    id: 'reset-password',
    title: 'Reset your password',
    text: 'Choose Forgot password on the login page. The mail with the link comes within a minute; look into the spam folder. The link is valid for one hour. After five wrong passwords an account is locked for 30 minutes.',
  },
  {
    id: 'two-factor',
    title: 'Two-factor codes and a lost phone',
    text: 'Without your phone you log in with one of the ten backup codes. If you have none, write to us from the email address of your account; after a check we reset the second factor. Then set up the authenticator app on your new phone.',
  },
  {
    id: 'change-email',
    title: 'Change the email of your account',
    text: 'Open Settings, Account, Email, and enter the new address. We send a confirmation link to the new address and a notice to the old one. If you no longer have the old address, support can change it after a check.',
  },
  {
    id: 'stolen-account',
    title: 'Somebody else uses my account',
    text: 'Reset your password at once, then choose Log out everywhere under Settings, Security. Turn on two-factor codes. Tell us, so that we check what was changed or bought by somebody else in your account.',
  },
  {
    id: 'sync-problems',
    title: 'When devices do not sync',
    text: 'Check that both devices are logged in with the same email and are online. Pull down in the day view to sync now. If entries are missing on one device, log out and in again there; nothing is lost on our side.',
  },
  {
    id: 'app-crash',
    title: 'The app crashes or stays blank',
    text: 'Update the app to the newest version and restart the phone. If it still crashes, clear the cache under Settings, Storage. Your entries are kept on our servers. Send us the version and the phone model if it goes on.',
  },
  {
    id: 'calendar-import',
    title: 'Import and export calendars',
    text: 'Events come in from Google Calendar, Outlook and any ICS file under Settings, Import. Export writes an ICS or a PDF file of the chosen months. Imported events are copies: later changes there do not come along.',
  },
  {
    id: 'print-pages',
    title: 'Print your planner pages',
    text: 'Choose Export, PDF, and the paper size A4, A5 or Letter. If margins are cut off, print at 100 % and turn off Fit to page. Hole marks can be added in the print dialog.',
  },
  {
    id: 'notifications',
    title: 'Reminders and notifications',
    text: 'Reminders need the permission for notifications in the settings of your phone. Battery saving can hold them back: exclude the app from it. The time of the daily summary is under Settings, Reminders.',
  },
  {
    id: 'share-planner',
    title: 'Share a planner with your team',
    text: 'Owners of a Business plan invite people under Team, Members, by email. A member can read, write or manage. An invitation is valid for seven days and can be sent again. A seat is paid from the day on which the invitation is accepted.',
  },
  {
    id: 'cancel-plan',
    title: 'Cancel your subscription',
    text: 'Open Billing, Plan, Cancel. You keep all functions until the end of the paid time, and your pages stay readable afterwards. A trial that is cancelled in time costs nothing.',
  },
  {
    id: 'delete-account',
    title: 'Delete your account and your data',
    text: 'Settings, Account, Delete removes the account and all entries after 14 days; until then you can log in to stop it. Invoices are kept as long as the law demands. Export your pages before.',
  },
];
