/** Words that passwords are made of before all others: of lists of leaked ones, of the calendar, and of what this is. */

const PASSWORDS =
  "password passwort passwd passw pass secret default test testing changeme change letmein welcome login signin admin administrator root user guest master qwerty qwertz azerty asdf asdfgh zxcvbn iloveyou love monkey dragon sunshine princess football baseball superman batman trustno shadow hello world freedom whatever killer pepper jordan michael charlie jessica ashley daniel ninja mustang starwars pokemon cheese cookie summer flower lovely purple orange yellow silver golden computer internet company business office temp temporary please mypassword newpassword adminpassword thisisapassword onetimepassword correcthorsebatterystaple troubador troubadour tigger soccer hockey chelsea liverpool arsenal barcelona ferrari mercedes porsche samsung google facebook microsoft windows apple linux access security private today monday tuesday wednesday thursday friday saturday sunday hallo schatz geheim bonjour motdepasse soleil contrasena parola senha пароль привет админ любовь йцукен йцукенг солнце qazwsx 密码 forever always hunter kitten babygirl butterfly chocolate buster ranger matrix harley diamond phoenix maverick thunder taylor banana hannah snoopy samantha nicole brandon maggie ginger thomas robert andrew joshua matthew anthony william forget remember nothing everyone somebody";
const CALENDAR =
  "spring summer autumn fall winter january february march april may june july august september october november december fruehling frühling sommer herbst januar februar maerz märz mai juni juli oktober dezember printemps ete été automne hiver janvier fevrier février mars avril juin juillet aout août septembre octobre novembre decembre décembre primavera verano otoño otono invierno enero febrero marzo mayo junio julio agosto septiembre octubre noviembre diciembre estate autunno inverno gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre весна лето осень зима январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь";
const PRODUCT =
  "operate operator operations operation operateadmin console agent deploy deployment incident service server cluster production prod staging canary rollback monitor monitoring metrics traces telemetry devops kubernetes docker grafana prometheus";

/** Lower case, longest first, each once. */
export const COMMON_WORDS: readonly string[] = [...new Set(`${PASSWORDS} ${CALENDAR} ${PRODUCT}`.split(" "))].sort(
  (a, b) => b.length - a.length,
);
