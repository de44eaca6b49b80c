import { remembering } from './remembering.js';
import { wordsOf } from './words.js';

/** The languages that the demo model knows well enough to answer in. */
export type Language = 'en' | 'de' | 'fr' | 'es' | 'it' | 'pt' | 'nl' | 'pl' | 'tr' | 'ja';

// The commonest words of each language, folded. They tell the language, and are left out of comparisons.
const common: Readonly<Record<Exclude<Language, 'ja'>, string>> = {
  en: `a an the i you he she it we they me my your his her its our their this that these those is are was were be been
    am do does did have has had will would can could should may might of in on at to for from with without by about as
    into and or but if so than then there here what which who when where why how not no yes please just very too also
    all any some more most other only own same such up down out over under again further once because while both each
    few nor don't i'm i've it's can't didn't doesn't isn't won't get got im ive dear hello hi hey regards thanks thank
    us one`,
  de: `der die das den dem des ein eine einen einem einer eines ich du er sie es wir ihr mich mir mein meine meinen
    meiner meinem dein ihre ihren ihrem ihrer unser unsere ist sind war waren sein habe hat haben hatte werden wird wurde
    kann konnen konnte soll muss mit ohne fur von zu zum zur im in am an auf aus bei nach uber unter und oder aber wenn
    dass als wie was wer wo warum nicht kein keine keinen ja nein bitte nur sehr auch noch schon mal so dann hier da
    hallo guten tag danke gruss grusse freundlichen liebe sich man mehr etwas`,
  fr: `le la les un une des du de je tu il elle nous vous ils elles me moi mon ma mes votre vos notre nos son sa ses ce
    cet cette ces est sont etait etre ai as avez avons ont avait avoir peux peut pouvez pourriez dans sur pour par avec
    sans et ou mais si que qui quoi dont quand comment pourquoi ne pas plus tres aussi encore deja bien bonjour merci
    salut cordialement svp s'il en y a au aux se on c'est j'ai je n'ai d'un d'une qu'il tout tous toujours`,
  es: `el la los las un una unos unas de del yo tu usted nosotros me mi mis su sus nuestro este esta estos estas ese esa
    es son era fue ser estar estoy he ha han habia tengo tiene puedo puede pueden en con sin por para y o pero si que
    quien cuando como donde porque no ni muy mas tambien ya aun hola gracias saludos buenos dias buenas tardes se le les
    lo al todo hay`,
  it: `il lo la i gli le un uno una di del della dei delle dello io tu lei noi voi mi mio mia miei vostro vostra suo sua
    questo questa questi e sono era essere ho ha hanno avete aveva posso puo potete in nel nella con senza per da dal su
    sul a al alla ed o ma se che chi quando come dove perche non piu molto anche ancora gia ciao salve buongiorno grazie
    saluti cordiali si ci vi`,
  pt: `o a os as um uma de do da dos das no na nos nas eu voce nos me meu minha meus seu sua este esta esse essa isso e
    sao era foi ser estar estou tenho tem ter posso pode podem com sem por para em ao e ou mas se que quem quando como
    onde porque nao nem muito mais tambem ja ainda ola obrigado obrigada bom dia boa tarde cumprimentos se lhe`,
  nl: `de het een ik jij u wij mij me mijn uw jullie onze dit dat deze die is zijn was waren ben heb heeft hebben had kan
    kunnen wordt worden moet in op aan bij van voor met zonder naar uit om te en of maar als dan wat wie waar waarom hoe
    niet geen ja nee graag heel ook nog al er hier hallo goedemiddag bedankt groet groeten vriendelijke alvast`,
  pl: `ja ty on ona my wy mnie mi moj moja moje moim panstwo panstwa ten ta to te tego tej jest sa byl byla bylo byc mam
    ma moge mozna moze w we na z ze do od dla po przez o bez i oraz ale lub albo jesli ze co kto kiedy jak gdzie dlaczego
    nie tak prosze bardzo tez juz jeszcze tylko sie czy dzien dobry witam dziekuje pozdrawiam`,
  tr: `ben sen biz siz bu su o bir ve veya ama ile icin mi mu da de ki ne nasil neden niye nerede kim cok daha hala
    degil yok var lutfen merhaba selam tesekkurler tesekkur ederim iyi gunler benim bana beni sizin olarak gibi kadar
    sonra once her hic`,
};

const japaneseCommon = `の に は を が と で も から まで より へ や か ね よ です ます でし まし た て い する し ない なく
  この その あの これ それ こと ため ください お ご さん いる ある れる られ せ ん だ な という ませ が けど`;

const languageWords: readonly (readonly [Language, ReadonlySet<string>])[] = Object.entries(
  common,
).map(([language, words]) => [language as Language, new Set(words.split(/\s+/))]);

/** The places in `languageWords` of the languages that know a word. */
const languagesOfWord: ReadonlyMap<string, readonly number[]> = (() => {
  const known = new Map<string, number[]>();
  languageWords.forEach(([, words], language) => {
    for (const word of words) known.set(word, [...(known.get(word) ?? []), language]);
  });
  return known;
})();

const allCommon: ReadonlySet<string> = new Set([
  ...languageWords.flatMap(([, words]) => [...words]),
  ...japaneseCommon.split(/\s+/),
]);

/** Words so common that sharing them says nothing. */
export const isCommonWord = (word: string): boolean => allCommon.has(word);

/** The language of a text by its commonest words and its script; English when nothing tells. */
export const languageOf: (text: string) => Language = remembering((text) => {
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return 'ja';
  const words = wordsOf(text.slice(0, 2000));
  const hits = languageWords.map(() => 0);
  for (const word of words) {
    for (const language of languagesOfWord.get(word) ?? []) {
      hits[language] = (hits[language] ?? 0) + 1;
    }
  }
  const most = Math.max(...hits);
  return (most === 0 ? undefined : languageWords[hits.indexOf(most)]?.[0]) ?? 'en';
});
