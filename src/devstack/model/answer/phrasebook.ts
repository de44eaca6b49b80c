import type { Language } from '../text/languages.js';

/** The sentences of a reply, in the order in which they stand. */
export interface Phrases {
  readonly greet: string;
  /** `%` is the customer's own subject. */
  readonly acknowledge: string;
  readonly apologise: string;
  readonly refund: string;
  readonly check: string;
  readonly ask: string;
  readonly step: string;
  readonly time: string;
  readonly close: string;
}

/** Set phrases of customer service, as anybody learns them with a language. */
export const phrasebook: Readonly<Record<Language, Phrases>> = {
  en: {
    greet: 'Hello, and thank you for your message.',
    acknowledge: 'I understand that this is about "%".',
    apologise: 'I am sorry for the trouble this has caused.',
    refund: 'If it was our mistake, you get your money back the way you paid.',
    check: 'I am checking your account and the details now.',
    ask: 'Please send us your order number or the email of your account so that we can find it.',
    step: 'As the next step, our team takes care of it and writes to you.',
    time: 'You will hear from us within two business days.',
    close: 'Kind regards, the support team',
  },
  de: {
    greet: 'Guten Tag, vielen Dank für Ihre Nachricht.',
    acknowledge: 'Ich verstehe, es geht um „%“.',
    apologise: 'Es tut mir leid, dass Sie Ärger damit haben; bitte entschuldigen Sie.',
    refund: 'War es unser Fehler, erstatten wir Ihnen das Geld auf demselben Weg zurück.',
    check: 'Ich prüfe jetzt Ihr Konto und die Angaben.',
    ask: 'Bitte senden Sie uns Ihre Bestellnummer oder die E-Mail-Adresse Ihres Kontos.',
    step: 'Als nächsten Schritt kümmert sich unser Team darum und schreibt Ihnen.',
    time: 'Sie hören innerhalb von zwei Werktagen von uns.',
    close: 'Freundliche Grüße, Ihr Support-Team',
  },
  fr: {
    greet: 'Bonjour, merci pour votre message.',
    acknowledge: 'Je comprends qu’il s’agit de « % ».',
    apologise: 'Je suis désolé pour ce désagrément et vous prie de nous excuser.',
    refund: 'Si l’erreur vient de nous, vous serez remboursé par le même moyen de paiement.',
    check: 'Je vérifie votre compte et les détails.',
    ask: 'Merci de nous envoyer votre numéro de commande ou l’adresse e-mail de votre compte.',
    step: 'Prochaine étape : notre équipe s’en occupe et vous écrit.',
    time: 'Vous aurez une réponse sous deux jours ouvrés.',
    close: 'Cordialement, l’équipe du support',
  },
  es: {
    greet: 'Hola, gracias por su mensaje.',
    acknowledge: 'Entiendo que se trata de «%».',
    apologise: 'Lamentamos las molestias; le pedimos disculpas.',
    refund: 'Si el error fue nuestro, le haremos el reembolso por el mismo medio de pago.',
    check: 'Estoy revisando su cuenta y los datos.',
    ask: 'Por favor, envíenos su número de pedido o el correo de su cuenta.',
    step: 'Como siguiente paso, nuestro equipo se ocupa de ello y le escribe.',
    time: 'Tendrá una respuesta en dos días hábiles.',
    close: 'Saludos cordiales, el equipo de soporte',
  },
  it: {
    greet: 'Buongiorno, grazie per il suo messaggio.',
    acknowledge: 'Capisco che si tratta di «%».',
    apologise: 'Ci dispiace per il disagio e ci scusiamo.',
    refund: 'Se l’errore è nostro, riceverà il rimborso con lo stesso metodo di pagamento.',
    check: 'Sto controllando il suo account e i dettagli.',
    ask: 'Ci invii per favore il numero d’ordine o l’e-mail del suo account.',
    step: 'Come prossimo passo il nostro team se ne occupa e le scrive.',
    time: 'Riceverà una risposta entro due giorni lavorativi.',
    close: 'Cordiali saluti, il team di assistenza',
  },
  pt: {
    greet: 'Olá, obrigado pela sua mensagem.',
    acknowledge: 'Entendo que se trata de "%".',
    apologise: 'Lamentamos o transtorno e pedimos desculpa.',
    refund: 'Se o erro foi nosso, fazemos o reembolso pela mesma forma de pagamento.',
    check: 'Estou a verificar a sua conta e os dados.',
    ask: 'Envie-nos por favor o número da encomenda ou o e-mail da sua conta.',
    step: 'Como próximo passo, a nossa equipa trata do assunto e escreve-lhe.',
    time: 'Terá uma resposta em dois dias úteis.',
    close: 'Cumprimentos, a equipa de suporte',
  },
  nl: {
    greet: 'Hallo, bedankt voor je bericht.',
    acknowledge: 'Ik begrijp dat het gaat om "%".',
    apologise: 'Het spijt ons voor het ongemak; onze excuses.',
    refund: 'Was het onze fout, dan krijg je het geld terug via dezelfde betaalmethode.',
    check: 'Ik controleer nu je account en de gegevens.',
    ask: 'Stuur ons je bestelnummer of het e-mailadres van je account.',
    step: 'De volgende stap: ons team pakt het op en schrijft je.',
    time: 'Je hoort binnen twee werkdagen van ons.',
    close: 'Met vriendelijke groet, het supportteam',
  },
  pl: {
    greet: 'Dzień dobry, dziękujemy za wiadomość.',
    acknowledge: 'Rozumiem, że chodzi o „%”.',
    apologise: 'Przepraszamy za kłopot.',
    refund: 'Jeśli to nasz błąd, zwrócimy pieniądze tą samą metodą płatności.',
    check: 'Sprawdzam teraz konto i szczegóły.',
    ask: 'Prosimy o numer zamówienia lub adres e-mail konta.',
    step: 'Następny krok: nasz zespół zajmie się sprawą i napisze do Państwa.',
    time: 'Odpowiemy w ciągu dwóch dni roboczych.',
    close: 'Pozdrawiamy, zespół wsparcia',
  },
  tr: {
    greet: 'Merhaba, mesajınız için teşekkür ederiz.',
    acknowledge: 'Konunun "%" olduğunu anlıyorum.',
    apologise: 'Yaşadığınız sorun için özür dileriz.',
    refund: 'Hata bizdeyse ücret aynı ödeme yöntemiyle iade edilir.',
    check: 'Hesabınızı ve ayrıntıları şimdi kontrol ediyorum.',
    ask: 'Lütfen sipariş numaranızı veya hesabınızın e-posta adresini gönderin.',
    step: 'Sonraki adım: ekibimiz konuyla ilgilenip size yazacak.',
    time: 'İki iş günü içinde size dönüş yapacağız.',
    close: 'Saygılarımızla, destek ekibi',
  },
  ja: {
    greet: 'お問い合わせありがとうございます。',
    acknowledge: '「%」の件と承知いたしました。',
    apologise: 'ご不便をおかけし、申し訳ございません。',
    refund: '弊社の誤りの場合は、お支払い方法に応じて返金いたします。',
    check: 'アカウントと詳細を確認しております。',
    ask: '注文番号またはアカウントのメールアドレスをお送りください。',
    step: '次に、担当チームが対応し、ご連絡いたします。',
    time: '2営業日以内にご連絡いたします。',
    close: 'サポートチーム',
  },
};
