import { fold } from './words.js';

/**
 * A small general dictionary of business and everyday words in ten languages (English, German, French, Spanish,
 * Italian, Portuguese, Dutch, Polish, Turkish, Japanese): each line is one meaning. It stands in for the
 * world knowledge of a real model. A star stands for any ending,
 * a hyphen joins two words that stand beside each other.
 */
const meanings: Readonly<Record<string, string>> = {
  money: `money dollar* euro* usd eur pound* cent cents geld argent dinero plata soldi denaro dinheiro pieniadz* pieniedzy
    kasa* para paray* お金 円 zl zloty tl lira`,
  invoice: `invoice* bill bills billing receipt* rechnung* beleg* quittung* facture factures facturation recu factura
    facturas facturacion recibo* fattura fatture fatturazione ricevuta fatura* factuur facturen rekening faktur* rachunek
    rachunk* fis 請求 領収 インボイス`,
  charge: `charge charged charges charging debit* deduct* abgebucht* abbuchung* belast* eingezogen debite* preleve*
    prelevement* cobr* cargo cargos addebit* prelevat* debitad* debito* afgeschreven afschrijving incasso obciaz* pobran*
    cekildi cekilmis tahsil* 引き落とし 課金 引落`,
  pay: `pay pays paid paying payment* zahl* bezahl* uberweis* payer paye payee paiement* regler pago pagos pagar pagado
    pagare pagato pagamento* pagamenti paguei betaal* betaling* zaplac* platnos* placi* place ode odeme* odedim odedik
    支払* 決済 振込`,
  card: `card cards visa mastercard kredit* kreditkarte* karte carte bancaire tarjeta* carta cartao kaart creditcard kart*
    karty カード クレジット`,
  tax: `tax taxes vat mwst umsatzsteuer* steuer* tva iva impuesto* imposta btw podatek* kdv vergi* 税 消費税 税込`,
  price: `price* pricing cost costs fee fees expensive cheaper preis* kosten gebuhr* teuer prix tarif* cout* cher frais
    precio* coste* costo* tarifa* caro prezzo prezzi costa preco* prijs* duur cena ceny koszt* oplat* fiyat* ucret*
    pahali 料金 価格 値段 手数料`,
  discount: `discount* coupon* voucher* promo* rabatt* gutschein* remise reduction* descuento* cupon* sconto*
    desconto* cupom korting* kortingscode rabat* kupon* znizk* indirim* クーポン 割引`,
  twice: `twice double doubled duplicate* doppelt* zweimal zwei deux double* doble duplicad* dos doppio due volte duas
    duplicado dubbel* tweemaal keer dwukrot* podwojn* dwa razy iki kez cift 二重 二回 重複`,
  refund: `money-back refund* reimburs* ruckerstatt* erstatt* zuruckerstatt* geldzuruck rembours* reembols* devolucion devolver devuelv*
    rimbors* estorn* terugbetal* terugstort* restitu* zwrot zwrotu zwroc* iade iadesi 返金 払い戻し 返還`,
  return: `return returns returned returning ruckgabe* retour* zurucksch* zuruckgeb* renvoy* renvoi* retourner
    devolve* devolu* reso resi restituire terugstur* terug odesla* odsyla* geri gonder* 返品 返送`,
  deliver: `deliver* delivery ship ships shipped shipping shipment* dispatch* liefer* versand* versend* zustell* verschick*
    livr* expedi* envio* enviar enviad* entreg* consegn* spedi* bezorg* lever* verzend* verzonden dostaw* dostarcz* wysyl*
    wyslan* teslim* kargo* gonderi* gonderil* 配送 配達 届* 発送 到着 お届け`,
  parcel: `parcel* package* packages packet box paket* pakete packchen sendung* colis paquet* paquete* pacco pacchi pacote*
    encomenda* pakket* pakje paczk* przesylk* koli 荷物 小包`,
  courier: `courier* carrier* driver postman zusteller kurier* bote livreur* transporteur* repartidor*
    mensajer* transportista corriere transportadora correios koerier* kuriyer* postacı postbode 配達員 運送 宅配`,
  track: `track* tracking sendungsverfolgung* verfolg* suivi seguimiento rastre* rastreo tracciamento traccia* seguire
    volgen volgcode sledz* sledzenia takip* 追跡`,
  address: `address* adress* strasse street direccion direcciones indirizz* endereco* morada ulica adres* 住所 宛先`,
  customs: `customs zoll* douane* aduana* dogana* alfandega* clo cla celn* gumruk* 関税 税関`,
  late: `late later delay* delayed overdue waiting wait spat verspat* warte* uberfallig retard* attend* attente tarde
    retras* demora* esperando espero ritard* aspett* atras* wacht* vertra* laat opozni* spozni* czekam czeka bekl* gecik*
    遅* 待っ 待ち`,
  lost: `gone vanish* disappear* erased empty weg fort disparu* desaparec* sparit* sumiram verdwenen zniknel* zniknal* silindi lost missing disappeared vanished verloren verschwunden perdu perdue perdid* desapareci* extravi* pers* smarri*
    perdi sumiu kwijt zoek zagin* zgubi* kayip kaybol* 紛失 行方`,
  damaged: `damage* broken cracked torn dented scratched beschadigt* kaputt* zerbroch* abime* casse* endommag* rota roto
    danad* danneggiat* rotto rotta quebrad* danificad* kapot beschadigd* uszkodz* zepsut* kirik hasarl* kirilmis 破損
    壊れ* 割れ*`,
  wrong: `wrong incorrect mistake* falsch* fehlerhaft* verkehrt mauvais mauvaise incorrect* equivocad* sbagliat* errat*
    errado errada verkeerd* fout* zly zle bledn* nieprawidl* yanlis* hatali 間違* 違う 違い 誤*`,
  order: `order* ordered purchase* bought buy bestell* kauf* gekauft command* achat* achete* pedido* comprad* compra compre
    ordine ordini ordinat* acquist* encomend* comprei aankoop gekocht zamowi* zakup* kupil* siparis* satin 注文 購入`,
  stock: `stock available availability lager vorratig verfugbar* disponible* disponibil* disponivel voorraad dostepn* stok*
    在庫`,
  login: `login logins log-in logging-in signin sign-in signing-in logged logging anmeld* einlogg* eingeloggt connexion connecter
    identifiant* iniciar sesion acceder acceso acced* accesso entrar logar inlogg* ingelogd aanmeld* zalog* logowani*
    giris* oturum* ログイン サインイン`,
  password: `password* passwort* kennwort* passe contrasena* clave senha* wachtwoord* hasl* sifre* parola*
    パスワード 暗証`,
  account: `account accounts profile konto* kontos benutzerkonto compte* profil* cuenta* perfil conta contas profilo
     kont hesap* hesab* アカウント`,
  username: `username* benutzername* utilisateur usuario utente gebruikersnaam uzytkownik* kullanici* ユーザー名`,
  code: `code codes 2fa otp sms authenticator verification verifizierung* bestatigungscode* codigo* codice codici kod kody
    kodu weryfikac* verificatie* verificac* verifi* dogrulama* コード 認証`,
  locked: `lock locked lockout blocked suspended disabled gesperrt* sperr* blockiert* bloque* bloquead* suspendu*
    suspendid* bloccat* blocco geblokkeerd* zablok* kilit* bloke* engel* ロック 停止`,
  reset: `reset resetting zuruckset* reinitialis* restablec* resetta* reimpost* redefin* herstel* zresetowa* resetowa*
    sifirla* リセット 再設定`,
  email: `email* e-mail* mail mails courriel* correo* posta eposta maila mailem メール`,
  access: `access locked-out zugang* zugriff* reinkomm* acces accesso acceso acesso toegang dostep* eris* アクセス 入れ*`,
  hacked: `hack* hacked stolen intruder suspicious unauthorized fraud* gehackt* gestohlen betrug* pirat* vol* fraude*
    robad* hackead* violat* rubat* roubad* verdacht* wlaman* skradzion* calin* dolandir* 不正 乗っ取*`,
  error: `wont-open broken-link invalid unexpected error* failure fails failed failing fehler* fehlermeldung* erreur* error* errore errori erro erros foutmelding*
    blad bledu bledy hata* エラー 不具合`,
  crash: `crash* freeze* frozen froze hangs abstur* absturz* eingefroren hangt plant* fige* bloquea cierra colgad* chiude
    crasha trava* travou fecha vastloopt zawiesz* cokuyor cokme* donuyor kapaniyor 落ち* 固ま* 強制終了 フリーズ`,
  function: `work works working function* funktion* funktionier* geht marche marchent fonctionn* funcion* funzion* werkt
    werken dziala* calis* 動か* 動作 動き 使え*`,
  bug: `bug bugs glitch* buggy problem problems issue issues bogue* problem* problema* probleem probleme* sorun* 問題 バグ`,
  app: `app apps application* software programm* anwendung* aplicacion* aplicativo* applicazione* applicatie* aplikac*
    uygulama* アプリ ソフト`,
  screen: `screen blank display page pages bildschirm* seite* ecran* pantalla* schermata* schermo tela pagina* scherm ekran*
    strona strony sayfa* 画面 ページ`,
  button: `button* click* clicking tap knopf taste klick* schaltflache* bouton* clique* boton* puls* clic* cliccare
    botao knop* klikn* przycisk* dugme* buton* tikla* ボタン クリック タップ`,
  upload: `upload* attach* hochlad* telecharg* subir sube carica* uploaden wgra* przesla* yukle* アップロード`,
  update: `update* upgrade* version* release aktualisier* mise actualiz* aggiorn* atualiz* bijwerk* aktualizac* guncelle*
    surum* 更新 アップデート バージョン`,
  browser: `browser* chrome firefox safari edge navigateur* navegador* przegladark* tarayici* ブラウザ`,
  phone: `phone* iphone android ipad tablet mobile handy smartphone* telefon* telephone* movil celular cellulare* telemovel
    mobiel* cep スマホ 携帯 電話`,
  data: `data dates file files datei* daten fichier* donnees archivo* datos dati dados arquivo* bestand* gegevens
    plik* dane danych veri* dosya* データ ファイル`,
  report: `report* dashboard chart* statistic* bericht* auswert* rapport* informe* tablero rapporto relatorio* grafic*
    raport* rapor* レポート ダッシュボード グラフ`,
  export: `export* import* csv pdf excel exportier* exporter exportar esporta* exporteren eksport* disa-aktar* aktar*
    エクスポート 出力`,
  search: `search* filter* find suche* filtern recherch* chercher busc* buscador cerca* ricerca pesquis* zoek* szuka*
    wyszuk* arama* filtre* 検索 絞り込*`,
  integrate: `integrat* api webhook* plugin* connect* schnittstelle* anbind* integrier* integracion* conectar integrazion*
    integrac* koppel* entegre* entegrasyon* polacz* 連携 接続`,
  setting: `setting* option* preference* configur* einstell* parametre* reglage* ajuste* configurac* impostazion* opzion*
    instelling* ustawien* opcj* ayar* secenek* 設定 オプション`,
  notification: `notification* notify reminder* alert* benachrichtig* erinner* notifica* recordatorio* promemoria melding*
    herinnering* powiadom* przypomni* bildirim* 通知`,
  theme: `dark-mode theme dark mode colour* color* font* layout design dunkel* modus schrift* sombre oscuro modo tema
    scuro escuro donker* ciemn* motyw* karanlik 暗い ダーク モード`,
  calendar: `calendar* kalender* calendrier* calendario* kalendarz* takvim* カレンダー`,
  language: `language* translat* sprache* ubersetz* langue* traduc* idioma* lingua* traduz* taal vertal* jezyk* tlumacz*
    dil dili ceviri* 言語 日本語 翻訳`,
  wish: `wish wishes would-love would-be would-make would-like be-nice love-to love-an pretty-please please-add could-you could-add idea* suggest* propose feature* planned let-me let-us wunsch* wunsche* vorschlag*
    schlage idee* ware-schon schon-ware suggestion* propose* souhait* serait aimerais fonctionnalite* sugerencia* sugerir gustaria
    funcionalidad* propuesta* suggeri* proposta* piacerebbe vorrei sugest* gostaria sugiro suggestie* idee zou-fijn
    wens* propozyc* sugesti* chcial* byloby funkcj* oneri* istek ozellik* isterdim 要望 提案 機能 欲しい ほしい 希望
    追加`,
  add: `add adding adds support supports implement hinzufug* erganz* einbau* ajout* anad* agreg* aggiung* adicion*
    acrescent* toevoeg* dodac dodani* ekle* 加え* 対応`,
  improve: `improve* improvement* better easier verbesser* besser einfacher amelior* mieux mejor* miglior*
    melhor* verbeter* beter popraw* lepie* lepsz* gelistir* iyilestir* kolay* 改善 便利`,
  cancel: `cancel* terminat* stop quit kundig* gekundigt* kundigung* stornier* annul* resili* arreter cancela* baja anula*
    darse disdi* disdett* annulla* recesso cancelament* opzeg* stopzet* beeindig* anulow* rezygn* wypowied* iptal*
    解約 キャンセル 退会 中止`,
  subscription: `subscription* subscribe* plan plans membership* abo abos abonnement* abonnement mitglied* vertrag*
    forfait* suscrip* contrato* abbonament* piano assinatura* plano abonament* subskrypc* abone* uyelik* 
    契約 定期 プラン サブスク* 会員`,
  renew: `renew* renewal* automatic* verlanger* erneuer* renouvel* renov* rinnov* verleng* odnow* przedluz* yenile* 
    自動`,
  trial: `trial free test kostenlos* probe* probezeit gratuit* essai* gratis prueba prova proef* gratis*
    bezplatn* probn* deneme* ucretsiz* 無料 お試し トライアル`,
  close: `close delete erase remove losch* schliess* entfern* supprim* ferm* cerrar elimin* borrar chiud* 
    apag* encerr* exclu* verwijder* sluit* usun* zamkn* skasowa* sil sili* kapat* 削除 閉鎖`,
  leave: `leave leaving switch* competitor* wechsel* konkurren* quitter concurren* competencia cambiarme concorren* passare
    sair overstap* konkurenc* odcho* rakip* ayril* 乗り換* 他社`,
  urgent: `urgent* asap immediate* immediately emergency critical dringend* sofort* eilig* umgehend notfall* urgen*
    immediat* inmediat* urgent* subito immediat* imediat* spoed* dringend onmiddellijk meteen
    piln* natychmiast* acil* hemen derhal 至急 緊急 すぐ 早急 急ぎ 大至急`,
  today: `midnight noon morning evening heute-abend ce-soir matin midi soir noche tarde-hoy stasera domattina sera noite amanha-cedo vanavond straks wieczor wieczorem jutro-rano aksam bu-aksam today tonight tomorrow hour hours deadline morgen* heute stunde* frist* aujourd'hui demain heure* delai hoy manana
    hora horas oggi domani ore scadenza hoje amanha vandaag uur dzis dzisiaj jutro godzin* bugun yarin saat* 今日 本日 明日
    時間 期限 締め切り`,
  unable: `can-not not-able kann-nicht nicht-mehr ne-peux no-puedo non-riesco kan-niet nie-moge cannot can't unable couldn't impossible unmoglich* impossib* imposib* impossivel onmogelijk
    niemozliw* edemiyorum yapamiyorum giremiyorum olmuyor できない できず できません ません`,
  everyone: `everyone everybody team customers clients whole entire company staff employees users kollegen mitarbeiter* alle
    ganze kunden* firma equipe* clients* collegues entreprise equipo clientes empresa clienti azienda squadra empresa*
    equipa klanten bedrijf collega* klienci klientow firmy firmie zespol* musteri* sirket* ekip* ekib* 全員 顧客 会社 社員
    お客様 チーム`,
  angry: `negative angry furious unacceptable ridiculous terrible awful disgrace* scandal* disappoint* outrage* unbelievable
    unverschamt* frechheit inakzeptab* enttausch* wutend* unfass* inadmissib* inaccept* honte* scandal* decu* furieu*
    inaceptable* vergonz* indignad* decepcion* inaccettabil* vergogn* delus* assurd* inaceitavel absurd* vergonha
    belachelijk* schandalig* woedend* teleurgesteld* skandal* niedopuszcz* zenad* rezalet* berbat*
    最悪 ひどい 怒* 許せ* 残念`,
  legal: `lawyer* legal court police attorney chargeback* dispute* anwalt* rechtsanwalt* verbraucherzentrale* polizei
    gericht* avocat* justice tribunal plainte abogado* denuncia* demanda consumo avvocat* denunci* legal* procon
    advogad* processo* advocaat* juridisch* prawnik* sad policj* rzecznik* avukat* mahkeme* sikayet* 弁護士 法的 訴* 警察`,
  question: `how-do how-can how-does how-long is-there are-there do-you do-i does-it can-i can-you can-we may-i should-i what-does where-do kann-ich kann-man konnen-sie wie-kann est-ce puis-je pouvez-vous peut-on puedo-yo como-puedo se-puede come-posso si-puo posso-fare como-faco kan-ik kunnen-jullie czy-moge czy-mozna question* wonder* wondering curious ask frage* fragen question* pregunta* duda* domanda* chiedere pergunta*
    duvida* vraag* vragen pytani* pytam zapyta* soru* sormak 質問 教えて 伺* お尋ね`,
  relaxed: `no-rush not-urgent keine-eile nicht-eilig pas-urgent sin-prisa senza-fretta sem-pressa geen-haast rush hurry eventually sometime whenever someday eile gelegenheit* presse* prisa fretta pressa haast
    spieszy acele 急が* いつか`,
  greet: `greet* greeting* hello hi hey dear hallo guten-tag grussgott bonjour salut hola buenos-dias buongiorno ciao ola bom-dia boa-tarde goedemiddag dzien-dobry witam merhaba selam こんにちは`,
  thank: `positive happy excellent お問い合わせ thank* thanks appreciate* great love danke* dank merci* remerci* gracias agradec* grazie ringrazi* obrigad*
    bedankt* dziekuj* tesekkur* sagol* ありがとう 感謝`,
  step: `step steps next action schritt* nachste* etape* prochaine paso siguiente passo prossimo proximo stap volgende krok* nastepn* adim* sonraki 次 手順`,
  apologise: `sorry apolog* entschuldig* bedauer* tut-leid desole* excus* navre* disculp* lament* perdon* scus*
    dispiac* spiacent* desculp* excuses excuus spijt* przepraszam* przepros* ozur* uzgun* 申し訳 すみません お詫び`,
  help: `help* assist* hilf* helfen unterstutz* aid* aider assistance ayud* aiut* assistenza ajud* help*
    hulp* pomoc* pomoz* yardim* destek* サポート 助け`,
  soon: `soon day days week weeks tag tage tagen werktag* woche* jour jours semaine* dia dias semana* giorn*
    settiman* dag dagen werkdag* week weken dni tydzien tygodni* gun gunu hafta* 日 週間 日間 営業`,
  check: `check* investigat* look verify review pruf* uberpruf* nachseh* verifi* examin* revis* comprob* verific*
    controll* controlla* control* nakijk* sprawdz* kontrol* incele* 確認 調査 調べ*`,
  replace: `replace* replacement* exchange* swap ersatz* ersetz* umtausch* austausch* remplac* echang* reemplaz* cambio
    cambiar sostitu* troc* substitu* vervang* ruil* omruil* wymian* wymieni* degis* degistir* 交換 取り替え*`,
  size: `size* sizes small large grosse* taille* talla* taglia* tamanho* maat maten rozmiar* beden* サイズ`,
  event: `meeting* appointment* conference exam exams hearing wedding* funeral lesson* class classes event events termin* sitzung
    besprechung prufung rendez-vous reunion* examen* cita citas clase clases evento* riunion* appuntament* esame lezion* aula aulas
    vergadering* afspra* tentamen spotkani* wizyt* egzamin* toplanti* randevu* sinav* 会議 予約 授業 試験`,
  weekday: `monday tuesday wednesday thursday friday saturday sunday weekend montag* dienstag* mittwoch* donnerstag* freitag*
    samstag* sonntag* wochenende lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miercoles jueves viernes sabado
    domingo lunedi martedi mercoledi giovedi venerdi domenica segunda-feira terca-feira quarta-feira quinta-feira sexta-feira
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag poniedzialek wtorek sroda czwartek piatek sobota niedziela pazartesi
    sali carsamba persembe cuma cumartesi pazar 月曜 火曜 水曜 木曜 金曜 土曜 日曜`,
  stuck: `stuck spinner spinning loading endless loop loops frozen blank white nothing silent haengt ladt endlos schleife weiss leer
    bloqu* tourne blanc vide boucle cargando bucle blanco vacia vacio carica bianca vuota bloccat* carregando branco vazio laadt
    wit leeg kreci pusty bos bekliyor 止ま 真っ白`,
  gift: `gift* present birthday wedding geschenk* geburtstag* hochzeit* cadeau* anniversaire regalo* cumpleanos
    compleanno presente aniversario verjaardag* prezent* urodzin* hediye* dogum プレゼント 贈り物 誕生日`,
  quality: `quality material* qualitat* qualite* calidad* qualita* qualidade* kwaliteit* jakos* kalite* 品質`,
};

interface Lexicon {
  readonly exact: ReadonlyMap<string, readonly string[]>;
  readonly prefixes: ReadonlyMap<string, readonly string[]>;
  /** First words of pairs. */
  readonly heads: ReadonlySet<string>;
}

const build = (): Lexicon => {
  const exact = new Map<string, string[]>();
  const prefixes = new Map<string, string[]>();
  const heads = new Set<string>();
  for (const [concept, words] of Object.entries(meanings)) {
    for (const word of words.split(/\s+/)) {
      const star = word.endsWith('*');
      const key = fold(star ? word.slice(0, -1) : word);
      const map = star ? prefixes : exact;
      const [head, tail] = key.split('-');
      if (head !== undefined && tail !== undefined) heads.add(head);
      const concepts = map.get(key) ?? [];
      if (!concepts.includes(concept)) map.set(key, [...concepts, concept]);
    }
  }
  return { exact, prefixes, heads };
};

const lexicon = build();

/** The meanings of a folded word; the longest prefix wins among prefixes. */
export const conceptsOf = (word: string): readonly string[] => {
  const exact = lexicon.exact.get(word);
  if (exact !== undefined) return exact;
  for (let length = word.length; length >= 2; length -= 1) {
    const found = lexicon.prefixes.get(word.slice(0, length));
    if (found !== undefined) return found;
  }
  return [];
};

/** The meanings of two words that stand beside each other, beyond those of each. */
export const conceptsOfPair = (first: string, second: string): readonly string[] =>
  lexicon.heads.has(first) ? (lexicon.exact.get(`${first}-${second}`) ?? []) : [];
