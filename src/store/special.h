/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders of a new mailbox:
 *
 * FOLDER(constant, parent, English name, container class, localised)
 *
 * A localised one has its name in each line of SPECIAL_LANGUAGES, at the
 * place that its number among the localised ones gives.
 */
#define SPECIAL_FOLDERS \
FOLDER(SPECIAL_ROOT, SPECIAL_ROOT, "Root", NULL, -1) \
FOLDER(SPECIAL_DEFERRED_ACTION, SPECIAL_ROOT, "Deferred Action", NULL, -1) \
FOLDER(SPECIAL_SPOOLER_QUEUE, SPECIAL_ROOT, "Spooler Queue", NULL, -1) \
FOLDER(SPECIAL_IPM_SUBTREE, SPECIAL_ROOT, "Top of Information Store", NULL, 0) \
FOLDER(SPECIAL_INBOX, SPECIAL_IPM_SUBTREE, "Inbox", "IPF.Note", 1) \
FOLDER(SPECIAL_OUTBOX, SPECIAL_IPM_SUBTREE, "Outbox", "IPF.Note", 2) \
FOLDER(SPECIAL_SENT_ITEMS, SPECIAL_IPM_SUBTREE, "Sent Items", "IPF.Note", 3) \
FOLDER(SPECIAL_DELETED_ITEMS, SPECIAL_IPM_SUBTREE, "Deleted Items", \
       "IPF.Note", 4) \
FOLDER(SPECIAL_COMMON_VIEWS, SPECIAL_ROOT, "Common Views", NULL, -1) \
FOLDER(SPECIAL_SCHEDULE, SPECIAL_ROOT, "Schedule", NULL, -1) \
FOLDER(SPECIAL_SEARCH, SPECIAL_ROOT, "Finder", NULL, -1) \
FOLDER(SPECIAL_VIEWS, SPECIAL_ROOT, "Views", NULL, -1) \
FOLDER(SPECIAL_SHORTCUTS, SPECIAL_ROOT, "Shortcuts", NULL, -1) \
FOLDER(SPECIAL_CALENDAR, SPECIAL_IPM_SUBTREE, "Calendar", \
       "IPF.Appointment", 5) \
FOLDER(SPECIAL_CONTACTS, SPECIAL_IPM_SUBTREE, "Contacts", "IPF.Contact", 6) \
FOLDER(SPECIAL_DRAFTS, SPECIAL_IPM_SUBTREE, "Drafts", "IPF.Note", 7) \
FOLDER(SPECIAL_JOURNAL, SPECIAL_IPM_SUBTREE, "Journal", "IPF.Journal", 8) \
FOLDER(SPECIAL_NOTES, SPECIAL_IPM_SUBTREE, "Notes", "IPF.StickyNote", 9) \
FOLDER(SPECIAL_TASKS, SPECIAL_IPM_SUBTREE, "Tasks", "IPF.Task", 10) \
FOLDER(SPECIAL_JUNK, SPECIAL_IPM_SUBTREE, "Junk Email", "IPF.Note", 11) \
FOLDER(SPECIAL_FREEBUSY, SPECIAL_ROOT, "Freebusy Data", NULL, -1)

/*
 * LANGUAGE(primary language of the LCID, sublanguage or 0 for any, names):
 * the first that fits counts.
 */
#define SPECIAL_LANGUAGES \
LANGUAGE(0x07, 0, "Oberste Ebene des Informationsspeichers", \
	 "Posteingang", "Postausgang", "Gesendete Elemente", \
	 "Gelöschte Elemente", "Kalender", "Kontakte", "Entwürfe", \
	 "Journal", "Notizen", "Aufgaben", "Junk-E-Mail") \
LANGUAGE(0x0c, 0, "Racine de la banque d'informations", \
	 "Boîte de réception", "Boîte d'envoi", "Éléments envoyés", \
	 "Éléments supprimés", "Calendrier", "Contacts", "Brouillons", \
	 "Journal", "Notes", "Tâches", "Courrier indésirable") \
LANGUAGE(0x0a, 0, "Principio del almacén de información", \
	 "Bandeja de entrada", "Bandeja de salida", \
	 "Elementos enviados", "Elementos eliminados", "Calendario", \
	 "Contactos", "Borradores", "Diario", "Notas", "Tareas", \
	 "Correo no deseado") \
LANGUAGE(0x10, 0, "Archivio informazioni", "Posta in arrivo", \
	 "Posta in uscita", "Posta inviata", "Posta eliminata", \
	 "Calendario", "Contatti", "Bozze", "Diario", "Note", \
	 "Attività", "Posta indesiderata") \
LANGUAGE(0x13, 0, "Bovenste niveau van gegevensarchief", "Postvak IN", \
	 "Postvak UIT", "Verzonden items", "Verwijderde items", \
	 "Agenda", "Contactpersonen", "Concepten", "Logboek", \
	 "Notities", "Taken", "Ongewenste e-mail") \
LANGUAGE(0x16, 0x02, "Topo do Arquivo de Informações", \
	 "A Receber", "A Enviar", "Itens Enviados", \
	 "Itens Eliminados", "Calendário", "Contactos", "Rascunhos", \
	 "Diário", "Notas", "Tarefas", "Lixo Eletrónico") \
LANGUAGE(0x16, 0, "Início do Repositório de Informações", \
	 "Caixa de Entrada", "Caixa de Saída", "Itens Enviados", \
	 "Itens Excluídos", "Calendário", "Contatos", "Rascunhos", \
	 "Diário", "Anotações", "Tarefas", "Lixo Eletrônico") \
LANGUAGE(0x1d, 0, "Informationsarkivets början", "Inkorgen", "Utkorgen", \
	 "Skickat", "Borttaget", "Kalender", "Kontakter", "Utkast", \
	 "Journal", "Anteckningar", "Uppgifter", "Skräppost") \
LANGUAGE(0x06, 0, "Toppen af informationslageret", "Indbakke", "Udbakke", \
	 "Sendt post", "Slettet post", "Kalender", "Kontaktpersoner", \
	 "Kladder", "Journal", "Noter", "Opgaver", "Uønsket mail") \
LANGUAGE(0x14, 0, "Toppen av informasjonslageret", "Innboks", "Utboks", \
	 "Sendte elementer", "Slettede elementer", "Kalender", \
	 "Kontakter", "Kladd", "Journal", "Notater", "Oppgaver", \
	 "Søppelpost") \
LANGUAGE(0x0b, 0, "Tietovaraston alku", "Saapuneet", "Lähtevät", \
	 "Lähetetyt", "Poistetut", "Kalenteri", "Yhteystiedot", \
	 "Luonnokset", "Päiväkirja", "Muistilaput", "Tehtävät", \
	 "Roskaposti") \
LANGUAGE(0x15, 0, "Początek magazynu informacji", \
	 "Skrzynka odbiorcza", "Skrzynka nadawcza", "Elementy wysłane", \
	 "Elementy usunięte", "Kalendarz", "Kontakty", \
	 "Kopie robocze", "Dziennik", "Notatki", "Zadania", \
	 "Wiadomości-śmieci") \
LANGUAGE(0x05, 0, "Začátek úložiště informací", \
	 "Doručená pošta", "Pošta k odeslání", "Odeslaná pošta", \
	 "Odstraněná pošta", "Kalendář", "Kontakty", "Koncepty", \
	 "Deník", "Poznámky", "Úkoly", "Nevyžádaná pošta") \
LANGUAGE(0x19, 0, "Корень хранилища", "Входящие", "Исходящие", \
	 "Отправленные", "Удаленные", "Календарь", "Контакты", \
	 "Черновики", "Дневник", "Заметки", "Задачи", \
	 "Нежелательная почта") \
LANGUAGE(0x11, 0, "インフォメーション ストアの先頭", "受信トレイ", \
	 "送信トレイ", "送信済みアイテム", "削除済みアイテム", "予定表", \
	 "連絡先", "下書き", "履歴", "メモ", "タスク", "迷惑メール") \
LANGUAGE(0x04, 0x01, "資訊儲存的頂端", "收件匣", "寄件匣", "寄件備份", \
	 "刪除的郵件", "行事曆", "連絡人", "草稿", "日誌", "記事", \
	 "工作", "垃圾郵件") \
LANGUAGE(0x04, 0, "信息存储顶部", "收件箱", "发件箱", "已发送邮件", \
	 "已删除邮件", "日历", "联系人", "草稿", "日记", "便笺", "任务", \
	 "垃圾邮件") \
LANGUAGE(0x12, 0, "정보 저장소의 시작", "받은 편지함", \
	 "보낼 편지함", "보낸 편지함", "지운 편지함", "일정", "연락처", \
	 "임시 보관함", "업무 일지", "메모", "작업", "정크 메일")
