// Which language the pages speak: the person's choice, else the browser's, else English.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en";
import { ko } from "./ko";

export const LANGUAGES = ["en", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

const KEPT_AT = "madang.language";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
    returnNull: false;
  }
}

export function startWords(): void {
  void i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, ko: { translation: ko } },
    lng: firstLanguage(),
    fallbackLng: "en",
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  document.documentElement.lang = i18next.language;
}

/** Changes the language and keeps it as this browser's choice. */
export function speak(language: Language): void {
  localStorage.setItem(KEPT_AT, language);
  showLanguage(language);
}

/** Changes the language without keeping it. */
export function showLanguage(language: Language): void {
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

/** Whether somebody chose a language in this browser. */
export function hasChosenLanguage(): boolean {
  return localStorage.getItem(KEPT_AT) !== null;
}

function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT_AT);
  if (kept === "en" || kept === "ko") return kept;
  return navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
}
